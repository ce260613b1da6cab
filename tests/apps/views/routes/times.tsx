import { LocalTime, useHydrated } from "offhook";

export default function Times() {
  const language = useHydrated() ? navigator.language : "unknown";
  return (
    <main>
      <LocalTime value="2026-11-30T23:30:00Z" options={{ dateStyle: "short", timeStyle: "short" }} />
      <p>Your language: {language}</p>
    </main>
  );
}
