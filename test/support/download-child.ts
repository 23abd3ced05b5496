/** A process that downloads and says how far it is: for tests that kill it. Arguments: url, file, sha256, bytes. */
import { downloadFile } from '../../scripts/download/download.ts';

const [url = '', file = '', sha256 = '', bytes = ''] = process.argv.slice(2);
const progress = {
  start() {},
  update: (done: number) => console.log(done),
  stop() {},
};
await downloadFile(url, file, { sha256, bytes: Number(bytes) }, { progress });
