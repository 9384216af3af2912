import type { People, Role, World } from './rights-world.ts';

/** A set of those who may, in a public channel and in a private one. */
export interface Circle {
  readonly inPublic: readonly Role[];
  readonly inPrivate: readonly Role[];
}

const MEMBERS = ['viewer', 'moderator', 'colleague', 'broadcaster', 'owner', 'admin'] as const;
const ACCOUNTS = ['stranger', 'otherOwner', ...MEMBERS] as const;
const SIGNED_IN = ['guest', ...ACCOUNTS] as const;
const EVERYBODY = ['nobody', ...SIGNED_IN] as const;

const both = (roles: readonly Role[]): Circle => ({ inPublic: roles, inPrivate: roles });

/** Who may see it, and of these who has the kind of access that the route wants. */
const viewers: Circle = { inPublic: EVERYBODY, inPrivate: MEMBERS };
const signedInViewers: Circle = { inPublic: SIGNED_IN, inPrivate: MEMBERS };
const accountViewers: Circle = { inPublic: ACCOUNTS, inPrivate: MEMBERS };
const members = both(MEMBERS);
const broadcasters = both(['colleague', 'broadcaster', 'owner', 'admin']);
const moderators = both(['moderator', 'broadcaster', 'owner', 'admin']);
const owners = both(['broadcaster', 'owner', 'admin']);
const runners = both(['owner', 'admin']);
const administrators = both(['admin']);
const author = both(['viewer']);
const authorOrModerators = both(['viewer', 'moderator', 'broadcaster', 'owner', 'admin']);
const everybody = both(EVERYBODY);
/** About the caller alone, whoever that is. */
const oneself = both(SIGNED_IN);
const oneselfWithAccount = both(ACCOUNTS);
/** Somebody else's: for nobody at all. */
const nobody = both([]);
/** People, channels and members are the host app's to change: here everybody is refused. */
const keptByHost = { inHost: nobody };

/** What a route's rights are, and how to call it so that nothing but a missing right can refuse the call. */
export interface Right {
  readonly who: Circle;
  /** Who may on a host app's database, where that is otherwise. There are no guests in either case. */
  readonly inHost?: Circle;
  readonly body?: (world: World) => object;
  /** Members of the path beside `id`, where they are not the world's of the same name. */
  readonly params?: (world: World) => Readonly<Record<string, string>>;
  /** What `:id` is. Default: the stream where the path is of streams, the channel where it is of channels. */
  readonly id?: (world: World) => string;
  /** Something that the answer holds for nobody but these. */
  readonly hides?: { readonly from: Circle; readonly text: (world: World, people: People) => string };
}

const to = (who: Circle, more: Omit<Right, 'who'> = {}): Right => ({ who, ...more });
const target = ({ targetId }: World): object => ({ userId: targetId });
const person = ({ targetId }: World): string => targetId;
const newStream = ({ channelId }: World): object => ({ channelId, title: 'Another' });

/** Who may do what: one line for each operation of the API, by its name. */
export const RIGHTS: ReadonlyMap<string, Right> = new Map<string, Right>(
  Object.entries({
    getSignInOptions: to(everybody),
    getOpenApi: to(everybody),
    getDocs: to(everybody),
    getMe: to(oneself),
    getSession: to(everybody),
    listApiTokens: to(oneselfWithAccount),
    revokeApiToken: to(nobody, { id: ({ tokenId }) => tokenId }),
    endMySession: to(nobody, { id: ({ tokenId }) => tokenId }),
    listAccounts: to(administrators),
    createAccount: to(administrators, {
      ...keptByHost,
      body: ({ channelId }) => ({ email: `${channelId}@example.org`, displayName: 'Somebody' }),
    }),
    updateAccount: to(administrators, { id: person, body: () => ({ disabled: false }) }),
    endSessionsOf: to(administrators, { id: person }),

    getStreamAnalytics: to(owners),
    getStreamStats: to(owners),
    listStreamMetrics: to(owners),
    listViewers: to(viewers, { hides: { from: owners, text: (_, { viewer }) => viewer } }),
    joinAsViewer: to(viewers, { body: ({ channelId }) => ({ sessionId: channelId }) }),
    updateViewer: to(nobody, { body: () => ({ secret: 'guessed' }) }),
    leaveAsViewer: to(nobody, { body: () => ({ secret: 'guessed' }) }),

    followUser: to(oneself, { id: person }),
    unfollowUser: to(oneself, { id: person }),
    getUserFollow: to(everybody, { id: person }),
    followChannel: to(signedInViewers),
    unfollowChannel: to(signedInViewers),
    getChannelFollow: to(viewers),
    listFollows: to(oneself),
    listChannelFollowers: to(runners),
    putSubscriber: to(runners, {
      body: () => ({ tier: 'gold' }),
      params: ({ targetId }) => ({ userId: targetId }),
    }),
    deleteSubscriber: to(runners, { params: ({ targetId }) => ({ userId: targetId }) }),
    // Everybody sees their own, who runs the channel all.
    listSubscribers: to(signedInViewers, { hides: { from: runners, text: ({ targetId }) => targetId } }),
    getNotificationSettings: to(signedInViewers),
    putNotificationSettings: to(signedInViewers, { body: () => ({ onLive: true }) }),
    putReminder: to(signedInViewers, { body: () => ({}) }),
    deleteReminder: to(oneself),
    listNotifications: to(oneself),
    readNotifications: to(oneself, { body: () => ({}) }),

    createChannel: to(oneselfWithAccount, { ...keptByHost, body: () => ({ name: 'My channel' }) }),
    listChannels: to(everybody),
    getChannel: to(viewers),
    updateChannel: to(runners, { ...keptByHost, body: () => ({ name: 'Renamed' }) }),
    deleteChannel: to(runners, keptByHost),
    listChannelMembers: to(members),
    addChannelMember: to(runners, {
      ...keptByHost,
      body: (world) => ({ ...target(world), role: 'viewer' }),
    }),
    setChannelRole: to(runners, {
      ...keptByHost,
      body: () => ({ role: 'moderator' }),
      params: ({ targetId }) => ({ userId: targetId }),
    }),
    removeChannelMember: to(runners, { ...keptByHost, params: ({ targetId }) => ({ userId: targetId }) }),

    listChatMessages: to(viewers),
    sendChatMessage: to(signedInViewers, {
      body: ({ channelId }) => ({ content: 'Hello', clientId: channelId }),
    }),
    sendStreamMessage: to(signedInViewers, {
      body: ({ channelId }) => ({ content: 'Hello', clientId: channelId }),
    }),
    listPinnedChatMessages: to(viewers),
    deleteChatMessage: to(authorOrModerators),
    pinChatMessage: to(moderators),
    unpinChatMessage: to(moderators),
    getChatSettings: to(viewers),
    changeChatSettings: to(moderators, { body: () => ({ slowModeSeconds: 5 }) }),
    listModerators: to(viewers),
    addModerator: to(owners, { body: target }),
    removeModerator: to(owners, { params: ({ targetId }) => ({ userId: targetId }) }),
    listBans: to(moderators),
    banUser: to(moderators, { body: target }),
    unbanUser: to(moderators, { params: ({ targetId }) => ({ userId: targetId }) }),
    timeoutUser: to(moderators, { body: target }),
    removeTimeout: to(moderators, { params: ({ targetId }) => ({ userId: targetId }) }),
    getAutoModConfig: to(moderators),
    configureAutoMod: to(moderators, { body: () => ({}) }),
    checkMessage: to(signedInViewers, { body: () => ({ content: 'Hello' }) }),
    listModerationLog: to(moderators),
    moderate: to(moderators, {
      body: (world) => ({ action: 'untimeout', ...target(world) }),
    }),

    askQuestion: to(signedInViewers, { body: ({ channelId }) => ({ content: 'Why?', clientId: channelId }) }),
    listQuestions: to(viewers),
    upvoteQuestion: to(signedInViewers),
    undoQuestionUpvote: to(signedInViewers),
    answerQuestion: to(moderators, { body: () => ({ answer: 'Because' }) }),
    dismissQuestion: to(moderators),
    deleteQuestion: to(author),
    sendReaction: to(signedInViewers, { body: () => ({ emoji: '🔥' }) }),
    listReactions: to(viewers),

    createStream: to(broadcasters, { body: newStream }),
    createStreamAtRoot: to(broadcasters, { body: newStream }),
    scheduleStream: to(broadcasters, {
      body: (world) => ({
        ...newStream(world),
        scheduledAt: new Date(Date.now() + 86_400_000).toISOString(),
      }),
    }),
    listStreams: to(everybody),
    listLiveStreams: to(everybody),
    listScheduledStreams: to(everybody),
    listPastStreams: to(everybody),
    getStream: to(viewers),
    updateStream: to(owners, { body: () => ({ title: 'Renamed' }) }),
    deleteStream: to(owners),
    startStream: to(owners),
    endStream: to(owners),
    cancelStream: to(owners),
    getHlsManifestUrl: to(viewers),
    regenerateStreamKey: to(owners, { body: () => ({}) }),
    revealStreamKey: to(owners),
    revokeStreamKey: to(owners),
    putStreamThumbnail: to(owners),
    getStreamThumbnail: to(viewers),
    deleteStreamThumbnail: to(owners),
    getStreamCalendar: to(viewers),
    // In a private channel by a token in the address alone, because calendars cannot sign in.
    getChannelCalendar: to({ inPublic: EVERYBODY, inPrivate: [] }),
    getChannelCalendarUrl: to(accountViewers),
    renewChannelCalendarUrl: to(accountViewers),
  }),
);

/** Operations that are about the caller's own account or session and nobody else's id: tested where accounts are. */
export const NOT_OF_IDS: ReadonlySet<string> = new Set([
  'makeFirstAdmin',
  'updateMe',
  'deleteMe',
  'stepUp',
  'listMySessions',
  'createApiToken',
]);
