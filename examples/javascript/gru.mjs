// A GRU in plain JavaScript: arrays of numbers, float64, the reset gate after or before the product.
//
// An array is { shape, values }, its numbers in row-major order. Gates are z, r, n on the first axis:
// kernel [3, inputs, units], recurrent_kernel [3, units, units], bias [2, 3, units].
// Source: Cho et al. 2014, arXiv:1406.1078. Left out: other formats than float64, masks with holes, gradients.

const sigmoid = (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a)));

// What a gate sees of a vector: the vector times the gate's matrix, plus the gate's bias.
function side(vector, matrix, bias, row, gate, units) {
  const sums = [];
  for (let unit = 0; unit < units; unit++) {
    let sum = 0;
    vector.forEach((value, i) => {
      sum += value * matrix.values[(gate * vector.length + i) * units + unit];
    });
    sums.push(sum + bias.values[(row * 3 + gate) * units + unit]);
  }
  return sums;
}

// The next state of one row, from its input and its state.
export function step(x, h, { kernel, recurrent_kernel, bias }, reset) {
  const units = h.length;
  const ofInput = (gate) => side(x, kernel, bias, 0, gate, units);
  const ofState = (gate, state) => side(state, recurrent_kernel, bias, 1, gate, units);
  const gate = (which) => {
    const fromState = ofState(which, h);
    return ofInput(which).map((a, i) => sigmoid(a + fromState[i]));
  };
  const z = gate(0);
  const r = gate(1);
  const after = () => ofState(2, h).map((a, i) => r[i] * a);
  const before = () => ofState(2, h.map((state, i) => r[i] * state));
  const fromState = reset === "after" ? after() : before();
  const n = ofInput(2).map((a, i) => Math.tanh(a + fromState[i]));
  return h.map((state, i) => z[i] * state + (1 - z[i]) * n[i]);
}

// The state after every step of a batch, and the last one. A row of length n is n steps; its outputs after them repeat
// the state that was reached. In reverse a row begins at its last step; outputs stay at the time of their inputs.
export function gru(inputs, parameters, { initialState, lengths, reverse, reset }) {
  const [batch, time, inputDim] = inputs.shape;
  const units = parameters.kernel.shape[2];
  const outputs = new Array(batch * time * units).fill(0);
  const finalState = [];
  for (let row = 0; row < batch; row++) {
    const start = row * units;
    let h = initialState ? initialState.values.slice(start, start + units) : new Array(units).fill(0);
    const length = lengths ? lengths[row] : time;
    const show = (t) => h.forEach((state, i) => (outputs[(row * time + t) * units + i] = state));
    if (reverse) for (let t = length; t < time; t++) show(t);
    for (let count = 0; count < length; count++) {
      const t = reverse ? length - 1 - count : count;
      const x = inputs.values.slice((row * time + t) * inputDim, (row * time + t + 1) * inputDim);
      h = step(x, h, parameters, reset);
      show(t);
    }
    if (!reverse) for (let t = length; t < time; t++) show(t);
    finalState.push(...h);
  }
  return {
    outputs: { shape: [batch, time, units], values: outputs },
    final_state: { shape: [batch, units], values: finalState },
  };
}
