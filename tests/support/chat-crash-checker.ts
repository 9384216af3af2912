/** A message as the server gave it to somebody. */
export interface SeenMessage {
  readonly id: string;
  readonly seq: number;
  readonly isDeleted: boolean;
}

/** One thing that somebody wanted to say, and what became of it. */
export interface SentMessage {
  readonly clientId: string;
  readonly userId: string;
  readonly room: string;
  readonly content: string;
  /** The first attempt began after the ban of its author was acknowledged. */
  readonly isAfterBan: boolean;
  /** Every acknowledgement; two attempts may both get one. */
  readonly acks: SeenMessage[];
  /** An attempt that began after the ban was acknowledged, and was acknowledged itself. */
  ackedAfterBan: boolean;
  isDeletionAcked: boolean;
}

/** A message as it is stored. */
export interface StoredMessage {
  readonly id: string;
  readonly streamId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly content: string;
  readonly seq: number;
  readonly isDeleted: boolean;
}

/** What somebody who read a room has in the end. */
export interface ReaderView {
  /** Whom a violation names. */
  readonly name: string;
  readonly room: string;
  /** In the order in which it is shown. */
  readonly view: readonly SeenMessage[];
  /** What it was told of at the moment, in that order and over all its connections; what it missed it read afterwards. */
  readonly told: readonly Pick<SeenMessage, 'id' | 'seq'>[];
}

/** Everything that a run left. */
export interface ChatCrashTraces {
  readonly rooms: readonly string[];
  /** By room, then by sequence number. */
  readonly stored: readonly StoredMessage[];
  readonly sent: readonly SentMessage[];
  readonly readers: readonly ReaderView[];
}

/**
 * Compares what clients were told with what is stored. Every violation is a sentence that names the message by its client id and number,
 * and the readers that saw it.
 */
export function checkChat({ rooms, stored, sent, readers }: ChatCrashTraces): readonly string[] {
  const violations: string[] = [];
  const naming = new Naming(stored, sent, readers);
  for (const room of rooms) {
    const messages = stored.filter(({ streamId }) => streamId === room);
    const hole = messages.findIndex(({ seq }, index) => seq !== index + 1);
    if (hole >= 0) violations.push(`room ${room}: ${naming.of(messages[hole])} stands at place ${hole + 1}`);
    for (const reader of readers) {
      if (reader.room !== room) continue;
      violations.push(...checkView(reader, messages, naming), ...checkTold(reader, messages, naming));
    }
  }
  return [...violations, ...checkSent(sent, stored, naming)];
}

function checkView({ name, view }: ReaderView, stored: readonly StoredMessage[], naming: Naming): string[] {
  const violations: string[] = [];
  const wrong = stored.findIndex(({ id }, index) => view[index]?.id !== id);
  if (wrong >= 0 || view.length !== stored.length) {
    const place = wrong < 0 ? stored.length : wrong;
    violations.push(
      `${name} shows ${view.length} of ${stored.length}: at place ${place + 1} ${naming.of(view[place])} and not ` +
        `${naming.of(stored[place])}, ${naming.whoSaw(stored[place]?.id ?? view[place]?.id)}`,
    );
  }
  const gone = new Set(stored.flatMap(({ id, isDeleted }) => (isDeleted ? [id] : [])));
  const shown = view.filter(({ id, isDeleted }) => !isDeleted && gone.has(id));
  for (const message of shown)
    violations.push(`${name} still shows ${naming.of(message)}, which was deleted`);
  return violations;
}

/** Nothing is told twice, nothing out of order, nothing that is not stored as what was told; a connection that ended changes nothing of that. */
function checkTold({ name, told }: ReaderView, stored: readonly StoredMessage[], naming: Naming): string[] {
  const violations: string[] = [];
  const numbers = new Map(stored.map(({ id, seq }) => [id, seq]));
  const before = new Set<string>();
  let last: Pick<SeenMessage, 'id' | 'seq'> | undefined;
  for (const message of told) {
    const { id, seq } = message;
    const what = `${name} was told of ${naming.of(message)}`;
    if (before.has(id)) violations.push(`${what} twice`);
    else if (last !== undefined && seq <= last.seq)
      violations.push(`${what} after ${naming.of(last)}, ${naming.whoSaw(id)}`);
    if (numbers.get(id) !== seq)
      violations.push(`${what}, which is stored as ${numbers.get(id) ?? 'nothing'}, ${naming.whoSaw(id)}`);
    before.add(id);
    last = message;
  }
  return violations;
}

function checkSent(
  sent: readonly SentMessage[],
  stored: readonly StoredMessage[],
  naming: Naming,
): readonly string[] {
  const violations: string[] = [];
  const byClientId = Map.groupBy(stored, ({ userId, clientId }) => `${userId}/${clientId}`);
  const known = new Set<StoredMessage>();
  for (const message of sent) {
    const { clientId, userId, acks } = message;
    const rows = byClientId.get(`${userId}/${clientId}`) ?? [];
    for (const each of rows) known.add(each);
    const [row] = rows;
    if (rows.length > 1) {
      const each = rows.map(({ id, seq }) => `as number ${seq}, ${naming.whoSaw(id)}`).join('; ');
      violations.push(`${clientId} is stored ${rows.length} times: ${each}`);
    }
    for (const { id, seq } of acks) {
      if (row === undefined)
        violations.push(`${clientId} was acknowledged as number ${seq} and is lost, ${naming.whoSaw(id)}`);
      else if (id !== row.id || seq !== row.seq)
        violations.push(
          `${clientId} was acknowledged as number ${seq} and is ${row.seq}, ${naming.whoSaw(id)}`,
        );
    }
    if (row === undefined) continue;
    const what = naming.of(row);
    if (row.content !== message.content || row.streamId !== message.room)
      violations.push(`${what} is stored as another message, ${naming.whoSaw(row.id)}`);
    if (message.isAfterBan) violations.push(`${what} was stored after the ban, ${naming.whoSaw(row.id)}`);
    if (message.isDeletionAcked && !row.isDeleted)
      violations.push(`${what} was deleted and came back, ${naming.whoSaw(row.id)}`);
  }
  for (const { clientId, ackedAfterBan } of sent)
    if (ackedAfterBan) violations.push(`${clientId} was acknowledged after the ban was`);
  for (const row of stored)
    if (!known.has(row)) violations.push(`nobody sent ${naming.of(row)}, ${naming.whoSaw(row.id)}`);
  return violations;
}

/** Says of messages what somebody who looks for a fault needs. */
class Naming {
  readonly #clientIds = new Map<string, string>();
  /** Names of readers by message id. */
  readonly #witnesses = new Map<string, Set<string>>();

  constructor(
    stored: readonly StoredMessage[],
    sent: readonly SentMessage[],
    readers: readonly ReaderView[],
  ) {
    for (const { clientId, acks } of sent) for (const { id } of acks) this.#clientIds.set(id, clientId);
    for (const { id, clientId } of stored) this.#clientIds.set(id, clientId);
    for (const { name, view, told } of readers) {
      for (const { id } of [...view, ...told]) {
        const names = this.#witnesses.get(id) ?? new Set();
        this.#witnesses.set(id, names.add(name));
      }
    }
  }

  /** Its client id and number. */
  of(message: Pick<SeenMessage, 'id' | 'seq'> | undefined): string {
    if (message === undefined) return 'nothing';
    return `${this.#clientIds.get(message.id) ?? message.id} (number ${message.seq})`;
  }

  /** Which readers saw it, at any time. */
  whoSaw(id: string | undefined): string {
    const names = [...(this.#witnesses.get(id ?? '') ?? [])];
    return names.length === 0 ? 'seen by no reader' : `seen by ${names.join(' and ')}`;
  }
}
