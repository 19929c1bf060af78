import { createGrpcJsTransport } from '../../src/upstream/grpc-js-transport.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { transportContract } from './transport-contract.ts';

transportContract('grpc-js', createGrpcJsTransport);
transportContract('http2', createHttp2Transport);
