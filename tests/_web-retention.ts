import { test } from 'node:test';
import { runSql } from '@chatcluster/tools/testing';
import { check } from './_axe.ts';
import { createGroup, message, openAs, openConversation, type World } from './_web.ts';
import { openAdmin } from './_web-integrations.ts';

/** As if all of it had been written that long ago. */
const age = (world: World, id: string, days: number) =>
  runSql(world.cluster.databaseUrl, "update entries set at = at - $2 * interval '1 day' where conversation_id = $1", [id, days]);

export function retentionTests(world: () => World): void {
  test('an administrator sees what would go, and keeps one conversation for longer than the others', async () => {
    const [kept, usual] = [await createGroup(world(), 'Minutes'), await createGroup(world(), 'Small talk')];
    for (const { id } of [kept, usual]) {
      await world().grace.say(id, 'said long ago');
      await age(world(), id, 200);
    }
    await using grace = await openAs(world(), 'grace');
    await openConversation(grace, usual.id);
    await message(grace.page, 'said long ago').waitFor();
    await using ada = await openAdmin(world(), 'retention');
    const { page } = ada;
    const confirm = page.getByTestId('confirm-action');
    await page.getByTestId('messagesDays').waitFor();
    await page.getByText('No conversation has a rule of its own.').waitFor();
    await check(ada, 'admin-retention-1280-light');
    await page.getByTestId('rule-filter').fill(kept.title);
    await page.getByTestId('rule-days').selectOption('0');
    await page.getByTestId('confirm').getByText('Nothing that is there now would go.').waitFor();
    await confirm.click();
    await confirm.waitFor({ state: 'detached' });
    await page.getByTestId('rule-filter').fill('');
    await page.getByTestId('retention-rules').getByText(kept.title, { exact: true }).waitFor();
    await page.getByTestId('messagesDays').selectOption('180');
    await page.getByTestId('review-retention').click();
    await page.getByTestId('confirm').getByText('removes for good: 1. Conversations that they are in: 1.').waitFor();
    await check(ada, 'admin-retention-review-1280-light');
    await confirm.click();
    await page.getByText('The next sweep keeps to it.').waitFor();
    // Whoever has it open sees it go.
    await message(grace.page, 'said long ago').waitFor({ state: 'detached' });
    await openConversation(grace, kept.id);
    await message(grace.page, 'said long ago').waitFor();
    await page.getByTestId('admin-audit').click();
    await page.getByText('retention.changed').waitFor();
    await page.getByText('conversation.retention_changed').waitFor();
  });
}
