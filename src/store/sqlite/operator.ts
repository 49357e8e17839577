import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { LogEndNote } from "../log-end.ts";
import type { HaltNote, OperatorAction } from "../../ledger/operator-log.ts";
import { LOG_ENDS } from "./layout.ts";

type Row = Record<string, SQLOutputValue>;

export function insertAction(db: DatabaseSync, action: OperatorAction): "inserted" | "exists" {
  const { seq, prevHash, at, actor, action: what, target, reason, detail, hash } = action;
  const insert = db.prepare("INSERT INTO sigma_operator_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  return insert.run(seq, prevHash, at, actor, what, target, reason, detail, hash).changes === 1 ? "inserted" : "exists";
}

/** The last action; null when there is none. */
export function lastAction(db: DatabaseSync): OperatorAction | null {
  const row = db.prepare("SELECT * FROM sigma_operator_log ORDER BY seq DESC LIMIT 1").get();
  return row === undefined ? null : readAction(row);
}

export function putHalt(db: DatabaseSync, stream: string, note: HaltNote | null): void {
  db.prepare("DELETE FROM sigma_halts WHERE stream = ?").run(stream);
  if (note === null) return;
  const { topic, partition, code, message, remedy } = note;
  db.prepare("INSERT INTO sigma_halts VALUES (?, ?, ?, ?, ?, ?)").run(stream, topic, partition, code, message, remedy);
}

/** Reads an action without validating its columns: a changed action must reach the audit, which finds the change by its hashes. */
export function readAction(row: Row): OperatorAction {
  return {
    seq: Number(row["seq"]),
    prevHash: String(row["prev_hash"]),
    at: String(row["at"]),
    actor: String(row["actor"]),
    action: String(row["action"]) as OperatorAction["action"],
    target: String(row["target"]),
    reason: String(row["reason"]),
    detail: String(row["detail"]),
    hash: String(row["hash"]),
  };
}

export function readHalt(row: Row): HaltNote {
  return {
    stream: String(row["stream"]),
    topic: String(row["topic"]),
    partition: Number(row["partition"]),
    code: String(row["code"]) as HaltNote["code"],
    message: String(row["message"]),
    remedy: String(row["remedy"]),
  };
}

/** Raises the stored ends of streams to those in `notes`. */
export function noteLogEnds(db: DatabaseSync, notes: readonly LogEndNote[]): void {
  const note = db.prepare(`INSERT INTO ${LOG_ENDS} VALUES (?, ?, ?, ?)
    ON CONFLICT (stream) DO UPDATE SET end_offset = max(end_offset, excluded.end_offset)`);
  for (const { stream, topic, partition, end } of notes) note.run(stream, topic, partition, end);
}

export function readLogEnd(row: Row): LogEndNote {
  return {
    stream: String(row["stream"]),
    topic: String(row["topic"]),
    partition: Number(row["partition"]),
    end: row["end_offset"] as bigint,
  };
}
