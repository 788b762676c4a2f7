// Asks the server, with the token that was given, if one was.

export class Unauthorized extends Error {}

const key = "weight-server-token";
let token = sessionStorage.getItem(key) ?? "";

export function useToken(text) {
  token = text;
  sessionStorage.setItem(key, text);
}

export async function ask(path) {
  const answer = await fetch(path, {
    cache: "no-store", headers: { Accept: "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
  });
  const body = await answer.json();
  if (answer.status === 401 || answer.status === 403) throw new Unauthorized(body.message);
  if (!answer.ok) throw new Error(body.message);
  return body;
}
