import { Outlet } from "offhook";

export default function Shell() {
	return (
		<html lang="en">
			<head>
				<title>Inputs</title>
				<link rel="icon" href="data:," />
			</head>
			<body>
				<Outlet />
			</body>
		</html>
	);
}
