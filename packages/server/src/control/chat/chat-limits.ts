/** Bounds and settings of the chat. */
export interface ChatLimits {
  /** Messages per second that one person may send, over all rooms. Default 3. */
  readonly userPerSec: number;
  /** Messages that one person may send at once after a silence. Default 5. */
  readonly userBurst: number;
  /** Messages per second that one room takes. Default 100. */
  readonly roomPerSec: number;
  /** Messages of one room that wait to be stored; more are refused. Default 500. */
  readonly queuePerRoom: number;
  /** Messages of all rooms that wait to be stored; more are refused. Default 5000. */
  readonly queueTotal: number;
  /** Messages stored in one transaction at most. PostgreSQL is quickest up to 64 subtransactions. Default 64. */
  readonly batchSize: number;
  /** Transactions of messages at a time: connections that chat takes from the pool. Default 2. */
  readonly lanes: number;
  /** A message that is not stored by then is refused with 503, in milliseconds. Default 1800. */
  readonly answerMs: number;
  /** A stream with a waiting room opens its chat so long before its schedule, in minutes. Default 30. */
  readonly waitingRoomMinutes: number;
  /** Messages pinned at a time in one stream. Default 5. */
  readonly maxPinned: number;
  /** Accounts younger than this, and guests, may not send links, in hours; 0: everybody may. Default 24. */
  readonly linksAfterHours: number;
  /** What is known of rooms and people is asked again after this time, in milliseconds, if nothing tells of a change before. Default 30 000. */
  readonly cacheMs: number;
  /** People whose standing is remembered per room. Default 10 000. */
  readonly cachedPeople: number;
  /** People whose last messages are kept to find duplicates; beyond them who wrote longest ago is forgotten. Default 20 000. */
  readonly rememberedPeople: number;
  /** How often counters are written, in milliseconds. Default 5000. */
  readonly totalsMs: number;
}

/** See {@link ChatLimits}. */
export const DEFAULT_CHAT_LIMITS: ChatLimits = {
  userPerSec: 3,
  userBurst: 5,
  roomPerSec: 100,
  queuePerRoom: 500,
  queueTotal: 5000,
  batchSize: 64,
  lanes: 2,
  answerMs: 1800,
  waitingRoomMinutes: 30,
  maxPinned: 5,
  linksAfterHours: 24,
  cacheMs: 30_000,
  cachedPeople: 10_000,
  rememberedPeople: 20_000,
  totalsMs: 5000,
};
