import assert from 'node:assert/strict';
import { it } from 'node:test';
import { obstacleOf, splitLog } from './run-job.ts';

it('takes the figures from the last line of the log', () => {
  const { text, report } = splitLog('a table\npassed\n{"scenario":"smoke","ok":true}\n');
  assert.equal(text, 'a table\npassed');
  assert.equal(report?.scenario, 'smoke');
});

it('keeps the whole log of a run that ended early', () => {
  assert.deepEqual(splitLog('test aborted: nobody answers\n'), { text: 'test aborted: nobody answers\n', report: undefined });
});

const waiting = (reason: string, message?: string) => ({
  phase: 'Pending',
  containerStatuses: [{ state: { waiting: { reason, message } } }],
});
it('waits for a pod that is being created, and not for one whose image cannot be had', () => {
  assert.equal(obstacleOf({}), undefined);
  assert.equal(obstacleOf(waiting('ContainerCreating')), undefined);
  assert.equal(obstacleOf(waiting('ErrImageNeverPull', 'not there')), 'ErrImageNeverPull not there');
  assert.equal(obstacleOf(waiting('ImagePullBackOff')), 'ImagePullBackOff');
});
