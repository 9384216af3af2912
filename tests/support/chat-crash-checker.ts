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
  readonly room: string;
  /** In the order in which it is shown. */
  readonly view: readonly SeenMessage[];
}

/** Everything that a run left. */
export interface ChatCrashTraces {
  readonly rooms: readonly string[];
  /** By room, then by sequence number. */
  readonly stored: readonly StoredMessage[];
  readonly sent: readonly SentMessage[];
  readonly readers: readonly ReaderView[];
}

/** Compares what clients were told with what is stored. Every violation is a sentence. */
export function checkChat({ rooms, stored, sent, readers }: ChatCrashTraces): readonly string[] {
  const violations: string[] = [];
  for (const room of rooms) {
    const messages = stored.filter(({ streamId }) => streamId === room);
    const hole = messages.findIndex(({ seq }, index) => seq !== index + 1);
    if (hole >= 0) violations.push(`room ${room}: number ${messages[hole]?.seq} stands at place ${hole + 1}`);
    for (const reader of readers) if (reader.room === room) violations.push(...checkReader(reader, messages));
  }
  return [...violations, ...checkSent(sent, stored)];
}

function checkReader({ room, view }: ReaderView, stored: readonly StoredMessage[]): readonly string[] {
  const violations: string[] = [];
  const wrong = stored.findIndex(({ id }, index) => view[index]?.id !== id);
  if (wrong >= 0 || view.length !== stored.length) {
    const place = wrong < 0 ? stored.length + 1 : wrong + 1;
    violations.push(
      `room ${room}: a reader saw ${view.length} of ${stored.length}, another one at place ${place}`,
    );
  }
  const gone = new Set(stored.flatMap(({ id, isDeleted }) => (isDeleted ? [id] : [])));
  const shown = view.filter(({ id, isDeleted }) => !isDeleted && gone.has(id));
  if (shown.length > 0)
    violations.push(`room ${room}: a reader still sees ${shown.length} that were deleted`);
  return violations;
}

function checkSent(sent: readonly SentMessage[], stored: readonly StoredMessage[]): readonly string[] {
  const violations: string[] = [];
  const byClientId = Map.groupBy(stored, ({ userId, clientId }) => `${userId}/${clientId}`);
  let known = 0;
  for (const message of sent) {
    const { clientId, userId, acks } = message;
    const rows = byClientId.get(`${userId}/${clientId}`) ?? [];
    known += rows.length;
    const [row] = rows;
    if (rows.length > 1) violations.push(`${clientId} is stored ${rows.length} times`);
    for (const ack of acks) {
      if (row === undefined) violations.push(`${clientId} was acknowledged and is lost`);
      else if (ack.id !== row.id || ack.seq !== row.seq)
        violations.push(`${clientId} was acknowledged as ${ack.seq} and is ${row.seq}`);
    }
    if (row !== undefined && (row.content !== message.content || row.streamId !== message.room))
      violations.push(`${clientId} is stored as another message`);
    if (message.isDeletionAcked && row?.isDeleted !== true) violations.push(`${clientId} came back`);
    if (message.ackedAfterBan) violations.push(`${clientId} was acknowledged after the ban was`);
    if (message.isAfterBan && row !== undefined) violations.push(`${clientId} was stored after the ban`);
  }
  if (known !== stored.length) violations.push(`${stored.length - known} stored messages nobody sent`);
  return violations;
}
