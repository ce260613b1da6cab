import { expectTypeOf, test } from "vitest";
import { type LiveRoute, type Reducer, upsert, type useLive, type usePresence } from "./index.js";

// As the type generator writes them.
interface Message {
  kind: "message";
  id: number;
  text: string;
}
interface Renamed {
  kind: "renamed";
  name: string;
}
interface Page {
  name: string;
  messages: Message[];
}
type Live = { id: "routes/room"; data: Page; publication: Message | Renamed; params: { room_id: string } };

test("a generated type is a live route, and its publications are told apart", () => {
  expectTypeOf<Live>().toExtend<LiveRoute>();
  expectTypeOf<typeof useLive<Live>>().returns.toEqualTypeOf<Page>();
  expectTypeOf<typeof usePresence<Live>>().toBeCallableWith();
  const reducer: Reducer<Live> = (page, publication) => {
    switch (publication.kind) {
      case "message":
        return { ...page, messages: upsert(page.messages, publication) };
      case "renamed":
        return { ...page, name: publication.name };
    }
  };
  expectTypeOf(reducer).returns.toEqualTypeOf<Page>();
});

test("a field that is not there is an error", () => {
  // @ts-expect-error: the publication may be a Renamed, which has no text
  const wrong: Reducer<Live> = (page, publication) => ({ ...page, name: publication.text });
  expectTypeOf(wrong).toBeFunction();
  // @ts-expect-error: a key that items do not have
  upsert([{ slug: "a" }], { slug: "b" }, "id");
  expectTypeOf(upsert([{ slug: "a" }], { slug: "b" }, "slug")).toEqualTypeOf<{ slug: string }[]>();
});
