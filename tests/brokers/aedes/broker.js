// SPDX-License-Identifier: MIT
// node broker.js PORT: aedes on 127.0.0.1, until it is ended.
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker();
createServer(broker.handle).listen(Number(process.argv[2]), '127.0.0.1');
