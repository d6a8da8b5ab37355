export { type PostgresOptions, type Service, startPostgres } from './postgres.ts';
export { freePort, ServiceError } from './process.ts';
export { type RedisOptions, startRedis } from './redis.ts';
export { type StandbyOptions, startStandby } from './standby.ts';
