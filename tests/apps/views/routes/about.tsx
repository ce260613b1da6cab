import { useParams } from "offhook";

export default function About() {
  const { lang = "no language" } = useParams();
  return (
    <main>
      <title>{`About in ${lang}`}</title>
      <meta name="description" content={`Everything in ${lang}`} />
      <link rel="canonical" href={`https://example.com/${lang}`} />
      <h1>About, {lang}</h1>
    </main>
  );
}
