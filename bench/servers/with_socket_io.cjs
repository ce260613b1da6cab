// Socket.IO: a broadcast to everybody else.
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const http = createServer((request, response) => response.end("ok"));
const server = new Server(http, { perMessageDeflate: false, httpCompression: false, transports: ["websocket"] });
server.on("connection", (socket) => {
  socket.on("pub", (data) => socket.broadcast.emit("pub", data));
  socket.on("echo", (data) => socket.emit("echo", data));
});
http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 2048 });
