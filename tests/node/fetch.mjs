// Node.js's own fetch, as a program uses it. `node [--import ./env_proxy.mjs] fetch.mjs '[{"url": ...}, ...]'`
const told = [];
for (const { url, headers, body } of JSON.parse(process.argv[2])) {
  const reply = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const pieces = [], moments = [];
  for await (const piece of reply.body) {
    pieces.push(piece);
    moments.push(performance.now());
  }
  const seconds = (moments.at(-1) - moments[0]) / 1000;
  told.push({ status: reply.status, body: Buffer.concat(pieces).toString("latin1"), seconds });
}
console.log(JSON.stringify(told));
