import { useLoaderData } from "offhook";

export async function clientLoader() {
  return { zone: Intl.DateTimeFormat().resolvedOptions().timeZone, width: innerWidth };
}

export default function Clock() {
  const { zone, width } = useLoaderData<typeof clientLoader>();
  return (
    <h1>
      {zone} {width}
    </h1>
  );
}
