import { lookTests } from './_web-look.ts';
import { webSuite } from './_web-suite.ts';

webSuite('the looks of the web app', [lookTests]);
