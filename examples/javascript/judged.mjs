// The GRU of gru.mjs as a program that the suite asks, line by line (docs/protocol.md).

import { createInterface } from "node:readline";
import { gru } from "./gru.mjs";

// JSON has no number for these, and JSON.stringify writes -0 as 0.
const word = (x) => (Object.is(x, -0) ? "-0" : Number.isFinite(x) ? x : String(x));
const read = ({ shape, values }) => ({ shape, values: values.map(Number) });
const written = ({ shape, values }) => ({ shape, values: values.map(word) });

const capabilities = {
  arithmetic: { float64: { activation: "4 ULP", source: "Math.exp and Math.tanh of V8, a port of fdlibm" } },
  resets: ["after", "before"],
  lengths: true,
  zero_length: true,
  reverse: true,
  zero_time: true,
  zero_batch: true,
  because: { float32: "JavaScript's numbers are float64" },
};

// What a case asks that gru.mjs does not do. Nobody asks for it who has read the capabilities; identify asks for all.
function cannot({ kind, case: { dtype, reset, merge, mask } }) {
  if (kind !== "case") return kind;
  if (dtype !== "float64") return dtype;
  if (reset === "none") return "reset none";
  return merge ? `merge ${merge}` : mask ? "masks" : null;
}

function result(question) {
  const [{ kernel, recurrent_kernel, bias }] = question.parameters;
  const parameters = { kernel: read(kernel), recurrent_kernel: read(recurrent_kernel), bias: read(bias) };
  const { lengths, reverse, reset, initial_state } = question;
  const options = { lengths, reverse, reset, initialState: initial_state && read(initial_state[0]) };
  const { outputs, final_state } = gru(read(question.inputs), parameters, options);
  return { kind: "result", outputs: written(outputs), final_state: written(final_state) };
}

function answer(message) {
  if (message.kind === "start") {
    return { kind: "started", protocol: 1, name: "gru.mjs", versions: { node: process.versions.node }, capabilities };
  }
  const lacking = cannot(message);
  if (lacking) return { id: message.id, kind: "declined", reason: `gru.mjs does not do ${lacking}` };
  try {
    return { id: message.id, ...result(message.case) };
  } catch (error) {
    return { id: message.id, kind: "error", reason: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.kind === "stop") break;
  console.log(JSON.stringify(answer(message)));
}
process.stdin.destroy();
