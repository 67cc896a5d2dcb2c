// Stream's own JavaScript SDK against the sandbox, as a server uses it and as a browser does.
// node sdk.js SCENARIO BASE_URL KEY SECRET prints one line of JSON: what was seen, for the test to judge.
const { StreamChat } = require('stream-chat');

const [, , scenario, baseURL, key, secret, ...rest] = process.argv;
const server = () => new StreamChat(key, secret, { baseURL, allowServerSideConnect: true });
const errorOf = (promise) => promise.then(() => null, (error) => ({ code: error.code, status: error.status, message: error.message }));
const ids = (members) => members.map((member) => member.user_id).sort();

const scenarios = {
  async firstConversation() {
    const client = server();
    const channel = client.channel('messaging', 'js-1', { members: ['js_a', 'js_b'], created_by_id: 'js_a' });
    const refused = await errorOf(channel.create());
    const upserted = await client.upsertUsers([{ id: 'js_a', name: 'A', role: 'user' }, { id: 'js_b', name: 'B' }]);
    const created = await channel.create();
    const queried = await channel.queryMembers({ id: { $in: ['js_b'] } });
    return { refused, upserted: Object.keys(upserted.users).sort(), members: ids(created.members), queried: ids(queried.members) };
  },
  async members() {
    const client = server();
    await client.upsertUsers([{ id: 'js_a' }, { id: 'js_b' }, { id: 'js_c' }]);
    const channel = client.channel('messaging', 'js-2', { members: ['js_a', 'js_b'], created_by_id: 'js_a' });
    await channel.create();
    await channel.removeMembers(['js_b']);
    const again = await channel.create();
    const added = await channel.addMembers([{ user_id: 'js_c', channel_role: 'channel_moderator' }]);
    const found = await client.queryChannels({ members: { $in: ['js_c'] } });
    return { again: ids(again.members), added: ids(added.members), found: found.map((one) => one.cid) };
  },
  async endings() {
    const client = server();
    await client.upsertUsers([{ id: 'js_gone' }, { id: 'js_asleep' }]);
    await client.deactivateUser('js_asleep');
    await client.deleteUser('js_gone', { hard_delete: false });
    const refusals = [await errorOf(client.upsertUser({ id: 'js_gone' })), await errorOf(client.upsertUser({ id: 'js_asleep' }))];
    await client.reactivateUser('js_asleep');
    await client.restoreUsers(['js_gone']);
    const upserted = await client.upsertUsers([{ id: 'js_gone' }, { id: 'js_asleep' }]);
    return { refusals, upserted: Object.keys(upserted.users).sort() };
  },
  async browser() {
    const [user, token, cid] = rest;
    const client = new StreamChat(key, { baseURL, allowServerSideConnect: true });
    const connected = await client.connectUser({ id: user }, token);
    const events = [];
    client.on('message.new', (event) => events.push(event.message.text));
    const [type, id] = cid.split(':');
    const channel = client.channel(type, id);
    const watched = await channel.watch();
    const sent = await channel.sendMessage({ text: 'Hello from the browser' });
    for (let tries = 0; tries < 50 && !events.length; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    const mine = await client.queryChannels({ type });
    await client.disconnectUser();
    return { me: connected.me.id, members: ids(watched.members), sender: sent.message.user.id, events, mine: mine.map((one) => one.cid) };
  },
  async webhook() {
    const [body, signature] = rest;
    return { genuine: server().verifyWebhook(body, signature), forged: server().verifyWebhook(`${body} `, signature) };
  },
};

scenarios[scenario]().then(
  (seen) => { console.log(JSON.stringify(seen)); process.exit(0); },
  (error) => { console.error(error); process.exit(1); },
);
