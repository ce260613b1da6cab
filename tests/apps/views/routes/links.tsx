import { Link, PrefetchPageLinks } from "offhook";
import { useState } from "react";

export default function Links() {
  const [isMore, setMore] = useState(false);
  return (
    <main>
      <Link to="/mail/ada" prefetch="intent">
        on intent
      </Link>
      <Link to="/tally" prefetch="intent">
        live on intent
      </Link>
      <button type="button" onClick={() => setMore(true)}>
        More
      </button>
      {isMore && (
        <>
          <Link to="/files/rendered" prefetch="render">
            on render
          </Link>
          <PrefetchPageLinks page="/files/asked" />
        </>
      )}
      <div style={{ height: 3000 }} />
      <Link to="/files/seen" prefetch="viewport">
        when seen
      </Link>
      <Link to="/files/never">never</Link>
    </main>
  );
}
