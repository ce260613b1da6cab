// A browser's EventSource, which Node has too, follows a channel without an SDK: node follow.mjs SERVER
const server = process.argv[2];
const log = console.log;

const address = new URL("/connection/uni_sse", server);
address.searchParams.set("cf_connect", JSON.stringify({ data: { follow: "a" } }));
const source = new EventSource(address);
source.onmessage = ({ data }) => {
  const { connect, channel, pub, disconnect } = JSON.parse(data);
  if (connect) log("open", Object.keys(connect.subs));
  if (pub) log(channel, pub.offset, pub.data);
  if (disconnect && disconnect.code >= 3500) source.close(); // by itself it would come back for ever
};
