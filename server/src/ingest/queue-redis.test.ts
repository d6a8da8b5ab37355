import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Durability, parseDurability } from './queue-redis.ts';

const cases: Record<string, { version: string; aof: string; appendfsync: string; durability: Durability }> = {
  'no file': { version: '7.2.4', aof: '0', appendfsync: 'always', durability: 'none' },
  'a file written now and then by a Redis that can be asked': {
    version: '7.2.4',
    aof: '1',
    appendfsync: 'everysec',
    durability: 'waitaof',
  },
  'the same where CONFIG is forbidden': { version: '8.0.0', aof: '1', appendfsync: '', durability: 'waitaof' },
  'a file written now and then by one that cannot be asked': { version: '7.0.15', aof: '1', appendfsync: 'everysec', durability: 'none' },
  'a file written at every command': { version: '7.0.15', aof: '1', appendfsync: 'always', durability: 'always' },
};

for (const [name, { version, aof, appendfsync, durability }] of Object.entries(cases)) {
  test(`durability of Redis with ${name}`, () => {
    const info = `# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n# Persistence\r\naof_enabled:${aof}\r\n`;
    assert.equal(parseDurability(info, appendfsync), durability);
  });
}
