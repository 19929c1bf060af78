import { createGrpcJsTransport } from '../../src/upstream/grpc-js-transport.ts';
import { transportContract } from './transport-contract.ts';

transportContract('grpc-js', createGrpcJsTransport);
