import { writingTests } from './_web-writing.ts';
import { upgradeTests } from './_web-upgrade.ts';
import { webSuite } from './_web-suite.ts';

webSuite('writing in the web app, and its life through outages and upgrades', [writingTests, upgradeTests]);
