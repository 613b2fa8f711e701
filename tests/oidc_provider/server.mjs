// A real OpenID provider for the tests: the npm package `oidc-provider` with one client and people that a test names.
// It reads its settings from the environment, prints its issuer when it listens, and ends when its input closes.
import Provider from 'oidc-provider';

const port = Number(process.env.PROVIDER_PORT);
const issuer = `http://127.0.0.1:${port}`;
const people = JSON.parse(process.env.PROVIDER_PEOPLE);

const provider = new Provider(issuer, {
  clients: [{
    client_id: process.env.PROVIDER_CLIENT_ID,
    client_secret: process.env.PROVIDER_CLIENT_SECRET,
    redirect_uris: [process.env.PROVIDER_REDIRECT_URI],
    grant_types: ['authorization_code'],
    response_types: ['code'],
  }],
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'preferred_username', 'picture'],
  },
  pkce: { required: () => true, methods: ['S256'] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
});

const server = provider.listen(port, '127.0.0.1', () => console.log(issuer));
process.stdin.resume();
process.stdin.on('end', () => { server.close(); process.exit(0); });
