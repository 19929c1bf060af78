import { invalid } from './demo-error.ts';
import type { DemoService } from './method.ts';

/** example.Greeter. The answer carries a header and a trailer, so that both can be seen. */
export const greeter: DemoService = {
  SayHello: {
    kind: 'unary',
    run({ name = '' }, call) {
      if (name === '') throw invalid('name', 'must not be empty');
      call.setHeader('x-greeter', 'tandem');
      call.setTrailer('x-greeted', '1');
      return { message: `Hello ${name}` };
    },
  },
};
