import type { User } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { RevokedEvent } from './auth/accounts.ts';
import { createAuth, type Auth } from './auth/auth.ts';
import { batched } from './batched.ts';
import type { Config } from './config.ts';
import { createEvents, createLoadMeter } from './events.ts';
import { createHub } from './fanout/hub.ts';
import { encodeEvent } from './fanout/encode.ts';
import { createRecent } from './fanout/recent.ts';
import type { ControlMessage } from './fanout/types.ts';
import { createAdmission } from './lifecycle/admission.ts';
import { drainSockets } from './lifecycle/drain.ts';
import { openDuty } from './lifecycle/duty.ts';
import { checkRedis } from './lifecycle/check-redis.ts';
import { createMovers } from './lifecycle/movers.ts';
import { createRate, createStats } from './lifecycle/figures.ts';
import { createLastSeen } from './lifecycle/last-seen.ts';
import { listen } from './lifecycle/listen.ts';
import { limitsFor, openFiles } from './lifecycle/open-files.ts';
import { openFanout } from './lifecycle/open-fanout.ts';
import { openIndexer } from './lifecycle/open-indexer.ts';
import { openHousekeeping } from './lifecycle/open-housekeeping.ts';
import { openJobs } from './lifecycle/open-jobs.ts';
import { openMail } from './lifecycle/open-mail.ts';
import { openPreviews } from './lifecycle/open-previews.ts';
import { openQueue } from './lifecycle/open-queue.ts';
import { openRetention } from './lifecycle/open-retention.ts';
import { openStatistics } from './lifecycle/open-statistics.ts';
import { openStore } from './lifecycle/open-store.ts';
import { openWebhooks } from './lifecycle/open-webhooks.ts';
import type { Running } from './lifecycle/run.ts';
import { createSocketClock } from './lifecycle/socket-clock.ts';
import { createMessageRate } from './limits/message-rate.ts';
import type { Logger } from './log.ts';
import { createExport } from './operations/account-data.ts';
import { createAvatars } from './operations/avatars.ts';
import { createDeleteAccount } from './operations/delete-account.ts';
import { createFiles } from './operations/files.ts';
import { createIntegrations } from './operations/integrations.ts';
import { createMembership } from './operations/membership.ts';
import { openNotifications } from './operations/notifications.ts';
import { createOperations } from './operations/operations.ts';
import { createSafety } from './operations/safety.ts';
import { keepApart } from './presence/keep-apart.ts';
import { createPresence } from './presence/presence.ts';
import { createReachability, guardPool } from './store/reachability.ts';
import { loadArrivals, loadLastSeen, savePresenceSetting, touchLastSeen } from './store/sql/user-lookups.ts';
import { createAdminApp } from './transport/http/admin.ts';
import { createAddressOf } from './transport/http/client-address.ts';
import { createPublicApp } from './transport/http/public-app.ts';
import type { Connection } from './transport/socket/connection.ts';
import { createDispatch } from './transport/socket/dispatch.ts';
import { createEventHandlers } from './transport/socket/event-handlers.ts';
import { createGateway, createIo } from './transport/socket/gateway.ts';
import { openTracing } from './tracing/open-tracing.ts';
import { tracePool } from './tracing/trace-pool.ts';
import { guardUpgrades } from './transport/socket/upgrade.ts';
import { createSecrets } from './webhooks/secrets.ts';

/** Opens everything in order; disposing closes it in reverse. `signal` ends the wait for dependencies. */
export async function createApp(config: Config, log: Logger, signal: AbortSignal): Promise<Running> {
  await using stack = new AsyncDisposableStack();
  let isDraining = false;
  let isReady = false;
  let isCutOff = () => false;
  const store = stack.use(await openStore(config, log, signal, (outcome) => events.readServed(outcome)));
  await checkRedis(config);
  const epoch = await store.epoch();
  const postgres = stack.use(createReachability(config));
  guardPool(store.pool, postgres);
  const tracing = stack.use(await openTracing(config));
  tracePool(store.pool, tracing);
  const membership = createMembership({ loadAccess: store.loadAccess });
  const hub = createHub();
  const recent = createRecent({ maxChars: config.outageCacheKib * 1_024 });
  const io = createIo(config);
  const connections = new Map<string, Connection>();
  const takesSockets = () => (config.role === 'all' || config.role === 'realtime') && isReady && !isDraining;

  const admin = stack.use(
    await listen(
      createAdminApp({
        isLive: () => true,
        isReady: () => isReady && !isDraining && !isCutOff(),
        registry: { metrics: () => events.registry.metrics(), contentType: 'text/plain; version=0.0.4; charset=utf-8' },
        snapshot: () => ({
          connections: connections.size,
          maxConnections: config.limits.socketsPerPod,
          draining: isDraining,
          ...meter.read(),
        }),
        log,
      }),
      { host: config.host, port: config.adminPort, variable: 'ADMIN_PORT' },
    ),
  );

  const opened = stack.use(
    openFanout(config, {
      podId: config.podId,
      hub,
      access: membership,
      recent,
      log,
      tracing,
      store,
      io,
      isPostgresReachable: postgres.isReachable,
      takesSockets,
      figures: () => ({ role: config.role, messagesPerSecond: committed.read(), ...meter.read() }),
    }),
  );
  const { fanout } = opened;
  const committed = createRate();
  const queue = stack.use(openQueue(config, { servers: opened.servers, isPostgresReachable: postgres.isReachable, log }));
  const events = createEvents({
    log,
    connections: () => connections.size,
    waitingRows: () => operations.commit.waiting,
    replicas: store.replicas,
  });
  // Handlers of jobs are given to it by the areas whose jobs they are.
  const jobs = stack.use(openJobs(config, { db: store.pool, log, onSettled: events.jobSettled }));
  stack.use(openHousekeeping(config, { db: store.pool, log }));
  const mailer = openMail(config, { db: store.pool, jobs });
  stack.use(openRetention(config, { db: store.pool, fanout, isPostgresReachable: postgres.isReachable, log }));
  const duty = stack.use(openDuty(config, { db: store.pool, isPostgresReachable: postgres.isReachable, log }));
  const notifications = openNotifications(config, {
    pool: store.pool,
    jobs,
    presence: opened.presence,
    duty,
    hasMail: mailer !== undefined,
    onPush: events.pushSent,
  });
  openIndexer(duty, store.pool);
  openStatistics(duty, store.pool, log);
  let accepted = 0;
  const meter = stack.use(createLoadMeter(() => accepted));
  const operations = createOperations({
    store,
    fanout,
    membership,
    recent,
    isHere: (userId) => hub.socketsOf(userId).size > 0,
    limits: config.limits,
    rateLimits: config.rateLimits,
    batchWindowMs: config.batchWindowMs,
    log,
    onBatch: (rows) => {
      events.batchCommitted(rows);
      committed.add(rows);
    },
    onPublished: events.published,
    onQueued: events.messageQueued,
    onRejected: events.queuedRejected,
    tracing,
    laneOf: queue.laneOf,
    isPostgresReachable: postgres.isReachable,
  });
  postgres.onChange((reachable) => {
    events.postgresChanged(reachable);
    // In this order: what is under way joins the queue ahead of whatever is sent from now on.
    queue.look();
    if (!reachable) operations.commit.abandon(new ChatError('unavailable', { retryAfterMs: 1_000 }));
  });
  stack.use(operations.typing);
  stack.use(operations.match);

  function endSessions(sessionIds: Iterable<string>, code: RevokedEvent['code']): void {
    const ended = new Set(sessionIds);
    for (const connection of connections.values()) {
      if (ended.has(connection.sessionId))
        connection.end(code, code === 'revoked' ? 'This session was ended.' : 'This account was deleted.', false);
    }
  }
  function onRevoked({ userId, sessionIds, code }: RevokedEvent): void {
    events.sessionsRevoked(userId, sessionIds.length);
    endSessions(sessionIds, code);
    fanout.broadcast({ kind: 'revoke', userId, sessionIds, code });
  }
  // Of several servers the first: every pod must count wrong passwords at the same one.
  const limitsRedis = config.rateLimits ? opened.servers?.all[0]?.redis.connect() : undefined;
  stack.defer(() => limitsRedis?.disconnect());
  const auth: Auth = stack.use(
    await createAuth({
      ...(limitsRedis && { redis: limitsRedis }),
      db: store.pool,
      log,
      config,
      onRevoked,
      onRevokedElsewhere: ({ sessionIds, code }) => endSessions(sessionIds, code),
    }),
  );
  fanout.onControl((message: ControlMessage) => {
    if (message.kind === 'membership') {
      membership.invalidate(message.conversationId, message.memberVersion);
      if (message.apart) keepApart(presence, hub, message.apart);
    }
    // A newer release may say what this one does not know.
    if (message.kind !== 'revoke') return;
    auth.revocations.add(message.sessionIds);
    endSessions(message.sessionIds, message.code);
  });

  const presence = stack.use(
    createPresence({
      backend: opened.presence,
      log,
      deliver: (socketId, change) => connections.get(socketId)?.send(encodeEvent('presence', change), true),
      lastSeen: (userIds) => loadLastSeen(store.pool, userIds),
    }),
  );
  const present = new Set<Connection>();
  const loadArrival = batched((userIds: string[]) => loadArrivals(store.pool, userIds));
  const lastSeen = stack.use(createLastSeen({ touch: (userIds) => touchLastSeen(store.pool, userIds), log }));
  const rate = createMessageRate({ limits: config.limits, enabled: config.rateLimits, takeShared: opened.takeTokens });

  async function tellProfile(user: User): Promise<void> {
    const peers = await store.listPeers(user.id);
    fanout.toUsers([user.id, ...peers], 'profile', { user }, { droppable: false });
  }
  const safety = createSafety({
    store,
    fanout,
    membership,
    operations,
    endAllSessions: auth.accounts.endAllSessions,
    stats: createStats({ db: store.pool, podId: config.podId, own: opened.lease, pods: opened.pods }),
    retention: config.retention,
    log,
  });
  const onProfileChanged = (user: User) => void tellProfile(user).catch((error: unknown) => log.debug({ err: error }, 'profile not told'));
  const { fileStore, volume } = stack.use(await openFiles(config, { store, keys: auth.keys, jobs, onProfileChanged, log }));
  stack.use(
    openPreviews(config, {
      db: store.pool,
      fileStore,
      findMessage: store.findMessage,
      onChange: operations.delivery.onChange,
      onSettled: events.jobSettled,
      log,
    }),
  );
  const secrets = createSecrets(auth.keys);
  stack.use(openWebhooks(config, { db: store.pool, secrets, duty, onSettled: events.jobSettled, log }));
  const integrations = createIntegrations({ config, db: store.pool, auth, membership, operations, secrets, log });
  const deletion = createDeleteAccount({ ...operations, store, policy: config.deletedUserMessages });
  jobs.handle('account-delete', deletion.job(tellProfile));
  async function deleteAccount(userId: string): Promise<void> {
    const sessionIds = await deletion.delete(userId);
    auth.revocations.add(sessionIds);
    onRevoked({ userId, sessionIds, code: 'account_deleted' });
  }
  const publicApp = createPublicApp({
    config,
    log,
    tracing,
    auth,
    store,
    operations,
    rate,
    safety,
    files: createFiles({ pool: store.pool, fileStore, config: config.files, limits: config.limits, log }),
    avatars: createAvatars({ pool: store.pool }),
    accountData: { exportAccount: createExport(store), deleteAccount },
    volume,
    onProfileChanged,
    notifications,
    integrations,
  });
  // A worker has nothing to say to the world; its admin port is enough.
  const main =
    config.role === 'worker' ? undefined : stack.use(await listen(publicApp, { host: config.host, port: config.port, variable: 'PORT' }));

  const gateway = createGateway(io, {
    config,
    epoch: () => epoch,
    authenticate: auth,
    fanout,
    catchUp: operations.catchUp,
    limitsFor: ({ guest }) => limitsFor(config, guest),
    log,
    connections,
    socketsOf: hub.socketsOf,
    dispatch: createDispatch({
      log,
      tracing,
      handlers: createEventHandlers({
        operations,
        store,
        presence,
        authenticate: auth,
        rate,
        saveSetting: (userId, setting) => savePresenceSetting(store.pool, userId, setting),
      }),
      checkToken: (connection) => {
        if (auth.revocations.isRevoked(connection.sessionId)) throw new ChatError('unauthenticated');
        if (connection.principal.expiresAt <= Date.now() && postgres.isReachable()) throw new ChatError('token_expired');
      },
      onCall: events.socketCalled,
    }),
    onConnected: (connection) => {
      accepted += 1;
      events.socketOpened();
      loadArrival(connection.userId)
        .catch(() => ({ setting: 'online' as const, blocked: undefined }))
        .then(({ setting, blocked }) => {
          if (!connections.has(connection.id)) return;
          if (blocked) connection.send(encodeEvent('blocks', { userIds: blocked }), false);
          present.add(connection);
          presence.connected(connection.userId, setting);
        });
    },
    onEnded: events.socketEnded,
    onGone: (connection) => {
      operations.typing.socketGone(connection.id);
      operations.match.socketGone(connection.userId, connection.id);
      presence.unwatch(connection.id);
      if (present.delete(connection)) presence.disconnected(connection.userId);
      if (hub.socketsOf(connection.userId).size === 0) lastSeen.left(connection.userId);
    },
  });
  const admit = createAdmission({
    limits: config.limits,
    enabled: config.rateLimits,
    connections: () => connections.size,
    isDraining: () => isDraining,
  });
  if (main !== undefined && config.role !== 'api') {
    gateway.attachTo(main.server);
    stack.defer(() => void io.close());
    guardUpgrades(main.server, {
      admit,
      addressOf: createAddressOf(config.trustedProxies),
      onRefused: events.handshakeRefused,
      isAllowedOrigin: (origin, host) => origin === undefined || auth.isAllowedOrigin(origin, host),
    });
  }
  stack.use(
    createSocketClock({
      accessTokenSeconds: config.limits.accessTokenSeconds,
      connections: () => connections.values(),
      isRevoked: auth.revocations.isRevoked,
      isRefreshImpossible: () => !postgres.isReachable(),
      maxAgeSeconds: config.maxAgeSeconds,
    }),
  );
  const movers = stack.use(
    createMovers(config, {
      pods: opened.pods,
      takeTokens: opened.takeTokens,
      isPostgresReachable: postgres.isReachable,
      connections: () => connections.values(),
      takesSockets,
      log,
    }),
  );
  isCutOff = movers.isCutOff;
  await fanout.start();
  await queue.start(operations.storeQueued);
  isReady = true;

  const owned = stack.move();
  return {
    port: main?.port ?? 0,
    adminPort: admin.port,
    async drain(force) {
      isDraining = true;
      main?.server.closeIdleConnections();
      await drainSockets(
        { connections: () => connections.values(), windowMs: config.drainSeconds * 1_000, settle: operations.drained, log },
        force,
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
