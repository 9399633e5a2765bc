// An OpenID Connect provider on loopback: node provider.mjs PORT REDIRECT_URI
// Whoever signs in is who they say; the roles follow from the name.
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const left = new URL("/anmelden", redirect).href;
const ROLES = { chefin: ["webinar-admin", "other"], team: ["webinar-organiser"], gast: [] };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "webinar", client_secret: "s".repeat(40), redirect_uris: [redirect], post_logout_redirect_uris: [left] }],
  cookies: { keys: ["a key of the test"] },
  pkce: { required: () => true },
  scopes: ["openid", "email", "profile"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "realm_access"] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@lra.example`,
      email_verified: true,
      name: `Person ${id}`,
      realm_access: { roles: ROLES[id] ?? [] },
    }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
