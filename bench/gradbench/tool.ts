/**
 * Speaks GradBench's protocol on standard input and output, a message and its response a line
 * (CONTRIBUTING.md of github.com/gradbench/gradbench).
 *
 * --threads N or --multithreaded (as many as the machine has cores); as with the suite's other tools, one without.
 */
import { createInterface } from "node:readline";
import { type Message, respond } from "./protocol.ts";

const given = process.argv.slice(2);
const place = given.indexOf("--threads");
const threads = place >= 0 ? Number(given[place + 1]) : given.includes("--multithreaded") ? undefined : 1;

for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await respond(JSON.parse(line) as Message, threads === undefined ? {} : { threads })));
