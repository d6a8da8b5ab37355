// Two people sign up, one writes to the other. Run it against a running server: node client/examples/hello.ts
import { createClient } from '@chatcluster/client';

const url = process.argv[2] ?? 'http://localhost:8080';
await using ada = createClient({ url });
await using bob = createClient({ url });
const { user } = await bob.guest({ displayName: 'Bob' });
await ada.register({ email: `ada-${crypto.randomUUID()}@example.org`, password: 'correct horse battery', displayName: 'Ada' });

const arrived = new Promise<string>((resolve) => bob.on('message', ({ message }) => resolve(message.body)));
const live = (client: typeof ada) => new Promise<void>((resolve) => client.on('connection', ({ state }) => state === 'live' && resolve()));
const bothLive = Promise.all([live(ada), live(bob)]);
ada.start();
bob.start();
await bothLive;

const conversation = await ada.createGroup({ title: 'Hello', memberIds: [user.id] });
ada.send(conversation.id, 'Hello, Bob!');
console.log('Bob received:', await arrived);
