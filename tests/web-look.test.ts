import { lookTests } from './_web-look.ts';
import { previewTests } from './_web-previews.ts';
import { safeAreaTests } from './_web-safe-areas.ts';
import { stylesheetTests } from './_web-stylesheets.ts';
import { webSuite } from './_web-suite.ts';

webSuite('the looks of the web app', [lookTests, previewTests, safeAreaTests, stylesheetTests], { FETCH_ALLOWED_NETWORKS: '127.0.0.1' });
