/**
 * The bytes of a tiny language model (GGUF, architecture llama, 6 MiB) for the tests' Ollama server. Its weights are constructed, not
 * trained: attention and feed-forward add nothing, each token's embedding is a one-hot row, and the output matrix holds how often one
 * character follows another in {@link TEXT}. It speaks letter salad, ends its texts soon, and is the same on every machine.
 */
export function tinyModel(): Buffer {
  const { tokens, types, scores } = vocabulary();
  const parts: Buffer[] = [Buffer.from("GGUF"), u32(3)];
  const tensors = tensorsOf(tokens);
  const about = aboutOf(tokens, types, scores);
  parts.push(u64(tensors.length), u64(about.length));
  for (const [key, value] of about) parts.push(text(key), value);
  let offset = 0;
  for (const { name, dims, data } of tensors) {
    parts.push(text(name), u32(dims.length), ...dims.map(u64), u32(KIND.f32), u64(offset));
    offset += data.byteLength + padding(data.byteLength);
  }
  parts.push(Buffer.alloc(padding(parts.reduce((sum, { length }) => sum + length, 0))));
  for (const { data } of tensors)
    parts.push(Buffer.from(data.buffer, 0, data.byteLength), Buffer.alloc(padding(data.byteLength)));
  return Buffer.concat(parts);
}

const TEXT = [
  "the producer sends the amount as text",
  "the field was renamed",
  "the schema has one more field",
  "check the contract and the producer",
  "the date has no zone",
  "the value is above the limit",
  "the key is missing in this message",
  "ask the owner of the topic",
  "the enum has a new member",
];

const SPACE = "\u2581";
const STOP = 2;
/** Length of an embedding: one place for each token, and more. */
const WIDTH = 384;
const HEADS = 4;
const FEED = 64;
const LAYERS = 2;
const CONTEXT = 8_192;
const ALIGNMENT = 32;
/** Types of GGUF: a tensor of 32-bit floats, and the ways a value is written. */
const KIND = { f32: 0, u32: 4, i32: 5, float: 6, text: 8, list: 9 };

type Vocabulary = {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly scores: readonly number[];
};

/** Three marks, every byte, every printable character of ASCII, and the blank. */
function vocabulary(): Vocabulary {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const letters = Array.from({ length: 94 }, (_, index) => String.fromCodePoint(index + 33));
  const tokens = ["<unk>", "<s>", "</s>", ...bytes, ...letters, SPACE];
  return {
    tokens,
    types: [2, 3, 3, ...bytes.map(() => 6), ...letters.map(() => 1), 1],
    scores: [0, 0, 0, ...bytes.map(() => 0), ...letters.map((letter) => -(letter.codePointAt(0) ?? 0)), -32],
  };
}

/** How often each token follows each, with a floor that keeps every token possible under a grammar. */
function followers(tokens: readonly string[]): readonly Float64Array[] {
  const id = new Map(tokens.map((token, index) => [token, index]));
  const idOf = (letter: string): number => id.get(letter === " " ? SPACE : letter) ?? 0;
  const counts = tokens.map(() => new Float64Array(tokens.length).fill(0.002));
  const add = (from: number, to: number, count: number): void => {
    const row = counts[from];
    if (row !== undefined) row[to] = (row[to] ?? 0) + count;
  };
  for (const line of TEXT) {
    const letters = `"${line}"`.split("").map(idOf);
    letters.slice(1).forEach((to, index) => add(letters[index] ?? 0, to, 1));
  }
  // A text ends after a word: without chance, at temperature 0, it would go round for ever.
  add(idOf(" "), idOf('"'), 1_000);
  for (const [from, row] of counts.entries()) {
    add(from, idOf('"'), 0.4);
    add(from, STOP, 0.4);
    for (const digit of "0123456789") add(from, idOf(digit), 0.05);
    for (const closing of ",]}") add(from, idOf(closing), 0.3);
    row.fill(1e-7, 3, 259);
  }
  return counts;
}

type Tensor = { readonly name: string; readonly dims: readonly number[]; readonly data: Float32Array };

function tensorsOf(tokens: readonly string[]): readonly Tensor[] {
  const size = tokens.length;
  const embedding = new Float32Array(size * WIDTH);
  const output = new Float32Array(size * WIDTH);
  for (const [from, row] of followers(tokens).entries()) {
    embedding[from * WIDTH + from] = 1;
    const sum = row.reduce((all, count) => all + count, 0);
    // The normalization makes sqrt(WIDTH) of a 1.
    for (const [to, count] of row.entries()) output[to * WIDTH + from] = Math.log(count / sum) / Math.sqrt(WIDTH);
  }
  const zeros = (name: string, ...dims: readonly number[]): Tensor => ({
    name: `${name}.weight`,
    dims,
    data: new Float32Array(dims.reduce((all, one) => all * one, 1)),
  });
  const ones = (name: string): Tensor => ({
    name: `${name}.weight`,
    dims: [WIDTH],
    data: new Float32Array(WIDTH).fill(1),
  });
  return [
    { name: "token_embd.weight", dims: [WIDTH, size], data: embedding },
    ones("output_norm"),
    { name: "output.weight", dims: [WIDTH, size], data: output },
    ...Array.from({ length: LAYERS }, (_, layer): readonly Tensor[] => [
      ...["attn_q", "attn_k", "attn_v", "attn_output"].map((name) => zeros(`blk.${layer}.${name}`, WIDTH, WIDTH)),
      zeros(`blk.${layer}.ffn_gate`, WIDTH, FEED),
      zeros(`blk.${layer}.ffn_up`, WIDTH, FEED),
      zeros(`blk.${layer}.ffn_down`, FEED, WIDTH),
      ones(`blk.${layer}.attn_norm`),
      ones(`blk.${layer}.ffn_norm`),
    ]).flat(),
  ];
}

function aboutOf(
  tokens: readonly string[],
  types: readonly number[],
  scores: readonly number[],
): readonly (readonly [key: string, value: Buffer])[] {
  const number = (value: number): Buffer => Buffer.concat([u32(KIND.u32), u32(value)]);
  const words = (value: string): Buffer => Buffer.concat([u32(KIND.text), text(value)]);
  const list = (kind: number, items: readonly Buffer[]): Buffer =>
    Buffer.concat([u32(KIND.list), u32(kind), u64(items.length), ...items]);
  return [
    ["general.architecture", words("llama")],
    ["general.name", words("tiny")],
    ["general.file_type", number(0)],
    ["llama.context_length", number(CONTEXT)],
    ["llama.embedding_length", number(WIDTH)],
    ["llama.block_count", number(LAYERS)],
    ["llama.feed_forward_length", number(FEED)],
    ["llama.attention.head_count", number(HEADS)],
    ["llama.attention.head_count_kv", number(HEADS)],
    ["llama.attention.layer_norm_rms_epsilon", Buffer.concat([u32(KIND.float), f32(1e-6)])],
    ["llama.rope.dimension_count", number(WIDTH / HEADS)],
    ["llama.vocab_size", number(tokens.length)],
    ["tokenizer.ggml.model", words("llama")],
    ["tokenizer.ggml.tokens", list(KIND.text, tokens.map(text))],
    ["tokenizer.ggml.scores", list(KIND.float, scores.map(f32))],
    ["tokenizer.ggml.token_type", list(KIND.i32, types.map(u32))],
    ["tokenizer.ggml.bos_token_id", number(1)],
    ["tokenizer.ggml.eos_token_id", number(STOP)],
    ["tokenizer.ggml.unknown_token_id", number(0)],
  ];
}

function padding(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}
