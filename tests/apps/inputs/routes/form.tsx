import { Form, useActionData } from "offhook";

function Fields() {
	return (
		<>
			<input name="text" />
			<input name="note" />
			<textarea name="area" maxLength={9} />
			<input name="number" type="number" />
			<input name="count" type="number" />
			<input name="slider" type="range" />
			<input name="price" inputMode="decimal" />
			<input name="day" type="date" />
			<input name="at" type="time" />
			<input name="when" type="datetime-local" />
			<input name="month" type="month" />
			<input name="week" type="week" />
			<input name="color" type="color" defaultValue="#000000" />
			<input name="agree" type="checkbox" />
			<input name="news" type="checkbox" />
			<input name="tags" type="checkbox" value="a" />
			<input name="tags" type="checkbox" value="b" />
			<input name="size" type="radio" value="l" />
			<select name="kind">
				<option value="" />
				<option value="tea" />
			</select>
			<select name="many" multiple>
				<option value="1">1</option>
				<option value="2">2</option>
			</select>
			<button type="submit">Send</button>
		</>
	);
}

export default function Inputs() {
	return (
		<main>
			<Form method="post" id="plain" noValidate>
				<Fields />
			</Form>
			<Form method="post" id="files" noValidate encType="multipart/form-data">
				<input name="file" type="file" />
				<input name="files" type="file" multiple />
				<Fields />
			</Form>
			<output>{JSON.stringify(useActionData() ?? null)}</output>
		</main>
	);
}
