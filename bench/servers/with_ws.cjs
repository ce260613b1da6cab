// Node's ws: a loop over its clients.
const { createServer } = require("node:http");
const { WebSocket, WebSocketServer } = require("ws");

const subscribers = new Set();
const http = createServer((request, response) => response.end("ok"));
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
sockets.on("connection", (socket, request) => {
  if (request.url === "/sub") {
    subscribers.add(socket);
    socket.on("close", () => subscribers.delete(socket));
  } else if (request.url === "/pub") {
    socket.on("message", (data) => {
      for (const each of subscribers) if (each.readyState === WebSocket.OPEN) each.send(data, { binary: false });
    });
  } else {
    socket.on("message", (data) => socket.send(data, { binary: false }));
  }
  socket.on("error", () => socket.terminate());
});
http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 2048 });
