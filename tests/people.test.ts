import { peopleTests } from './_web-people.ts';
import { threadTests } from './_web-threads.ts';
import { uploadTests } from './_web-uploads.ts';
import { webSuite } from './_web-suite.ts';

webSuite('other people, threads and files in the web app', [peopleTests, threadTests, uploadTests]);
