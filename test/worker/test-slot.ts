/** A slot without a project, for tests of what executes runs: the bindings are those of the VM that it is given. */
import type { DatabaseContext, Session } from '../../src/bindings/session.js';
import type { Op } from '../../src/domain/op.js';
import type { LogLine } from '../../src/domain/run.js';
import type { LuaValue } from '../../src/lua/value.js';
import type { Limits } from '../../src/lua/vm.js';
import type { TestVm } from '../support/vm.js';

export class TestSlot {
  context: DatabaseContext | undefined;
  sink: (line: LogLine) => void = () => {};
  readonly session: Session;
  readonly made: TestVm;
  constructor(made: TestVm) {
    this.made = made;
    const { vm } = made;
    const caller = {
      *callRef(ref: string, args: readonly LuaValue[]): Op<LuaValue> {
        return (yield* vm.call(yield* vm.resolve(ref), args))[0];
      },
    };
    this.session = { lua: caller } as unknown as Session;
  }
  get vm() {
    return this.made.vm;
  }
  enter(context: DatabaseContext, limits: Limits, sink: (line: LogLine) => void): void {
    this.context = context;
    this.sink = sink;
    this.vm.begin(limits);
  }
  leave(): void {
    this.vm.end();
    this.context = undefined;
  }
}
