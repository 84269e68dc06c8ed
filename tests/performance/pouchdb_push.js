// Pushes documents from a PouchDB on disk to an express-pouchdb server in a process of its own.
// `node pouchdb_push.js serve FOLDER PORT` serves; `node pouchdb_push.js push FOLDER PORT FILE BATCH` stores the
// documents of FILE (a JSON list) locally, replicates them and prints the seconds of the replication alone.
"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");
const { createRequire } = require("module");

const [, , role, folder, port, file, batch] = process.argv;
const load = createRequire(path.join(folder, "package.json"));
const PouchDB = load("pouchdb");

function serve() {
  fs.mkdirSync(path.join(folder, "served"), { recursive: true });
  const app = load("express")();
  const Served = PouchDB.defaults({ prefix: path.join(folder, "served") + path.sep });
  app.use("/", load("express-pouchdb")(Served, { mode: "minimumForPouchDB", logPath: path.join(folder, "log.txt") }));
  http.createServer(app).listen(Number(port), "127.0.0.1", () => console.log("open"));
}

async function push() {
  const sales = JSON.parse(fs.readFileSync(file, "utf8"));
  const name = path.basename(file, ".json");
  const till = new PouchDB(path.join(folder, "till-" + name));
  await till.bulkDocs(sales);
  const server = new PouchDB(`http://127.0.0.1:${port}/${name}`);
  await server.info();
  const started = process.hrtime.bigint();
  const done = await till.replicate.to(server, { batch_size: Number(batch), batches_limit: 10 });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (done.docs_written !== sales.length) throw new Error(`${done.docs_written} of ${sales.length} were written`);
  console.log(seconds);
  await till.close();
}

role === "serve" ? serve() : push().then(() => process.exit(0));
