import { createHash } from 'node:crypto';

export interface ClusterNames {
  /** Deployment, its ServiceAccount's component, and headless Service of the pods. */
  realtime: string;
  api: string;
  worker: string;
  /** CronJob of regular backups. */
  backup: string;
  /** PersistentVolumeClaim that holds backups, where they are kept on a volume. */
  backups: string;
  /** The Job that migrates the database to a release. */
  migrate(version: string): string;
  /** StatefulSet, Service and PersistentVolumeClaim of the evaluation database, or the CloudNativePG Cluster. */
  postgres: string;
  /** StatefulSet, Service and PersistentVolumeClaim of one managed Redis server. */
  redis(shard: number): string;
  /** Service that people reach api pods by; also the name of the route. */
  front: string;
  /** Service that people reach realtime pods by (`/socket.io/`). */
  sockets: string;
  config: string;
  /** ConfigMap with what is no secret about the places where people sign in. */
  providers: string;
  /** PersistentVolumeClaim of uploaded files. */
  files: string;
  serverAccount: string;
  dataAccount: string;
  /** Keys: `url`, `password`. Made by the operator for the evaluation database only. */
  databaseSecret: string;
  /** Keys: `password`, `redis.conf`. Made by the operator for managed Redis only. */
  redisSecret: string;
  /** Keys: `token`, `url`. The link that makes the first administrator; made by the operator where the spec names none. */
  adminLinkSecret: string;
}

export function names({ name }: { name: string }): ClusterNames {
  return {
    realtime: `${name}-realtime`,
    api: `${name}-api`,
    worker: `${name}-worker`,
    backup: `${name}-backup`,
    backups: `${name}-backups`,
    migrate: (version) => `${name}-migrate-${createHash('sha256').update(version).digest('hex').slice(0, 10)}`,
    postgres: `${name}-postgres`,
    redis: (shard) => `${name}-redis-${shard}`,
    front: name,
    sockets: `${name}-sockets`,
    config: `${name}-config`,
    providers: `${name}-providers`,
    files: `${name}-files`,
    serverAccount: `${name}-server`,
    dataAccount: `${name}-data`,
    databaseSecret: `${name}-database`,
    redisSecret: `${name}-redis`,
    adminLinkSecret: `${name}-admin-link`,
  };
}
