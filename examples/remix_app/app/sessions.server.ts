import { createCookieSessionStorage, redirect } from "react-router";

const { getSession, commitSession } = createCookieSessionStorage<{ name: string }>({
  cookie: {
    name: "questions",
    httpOnly: true,
    sameSite: "lax",
    secure: process.env.INSECURE_COOKIE === undefined,
    secrets: [process.env.SESSION_SECRET ?? crypto.randomUUID()],
  },
});

/** The name of whoever sent the request; null for somebody who has not signed in. */
export async function userOf(request: Request): Promise<string | null> {
  const session = await getSession(request.headers.get("Cookie"));
  return session.get("name") ?? null;
}

export async function requireUser(request: Request): Promise<string> {
  const user = await userOf(request);
  if (user === null) throw redirect("/sign-in");
  return user;
}

export async function signIn(request: Request, name: string): Promise<Response> {
  const session = await getSession(request.headers.get("Cookie"));
  session.set("name", name);
  return redirect("/", { headers: { "Set-Cookie": await commitSession(session) } });
}
