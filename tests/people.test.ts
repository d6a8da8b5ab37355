import { peopleTests } from './_web-people.ts';
import { webSuite } from './_web-suite.ts';

webSuite('other people in the web app', [peopleTests]);
