/** A VM over a throw-away project folder, with bindings of the test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Op, runAsync } from '../../src/domain/op.js';
import type { LuaValue } from '../../src/lua/value.js';
import type { Binding, Engine, Vm } from '../../src/lua/vm.js';

export interface TestVm {
  vm: Vm;
  dir: string;
  printed: string[];
  /** Executes a chunk and gives its results. */
  run(chunk: string): Promise<LuaValue[]>;
  dispose(): void;
}

export interface TestVmOptions {
  /** Registered below `host`. */
  bindings?: Record<string, Binding>;
  files?: Record<string, string>;
  maxMemoryBytes?: number;
}

export async function createVm(engine: Engine, options: TestVmOptions = {}): Promise<TestVm> {
  await engine.load();
  const dir = mkdtempSync(join(tmpdir(), 'ml-v-'));
  for (const [name, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  const printed: string[] = [];
  const vm = engine.create({
    projectDir: dir,
    label: 'test',
    ...(options.maxMemoryBytes && { maxMemoryBytes: options.maxMemoryBytes }),
    print: (line) => printed.push(line),
  });
  if (options.bindings) vm.register('host', options.bindings);
  return {
    vm,
    dir,
    printed,
    run: (chunk) => runAsync(vm.execute(chunk, '=test')),
    dispose() {
      vm.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Limits that never stop anything. */
export const unlimited = {
  deadline: Number.POSITIVE_INFINITY,
  maxInstructions: Number.POSITIVE_INFINITY,
  sliceMs: Number.POSITIVE_INFINITY,
};

/** An Op that waits for a promise made when the wait begins. */
export function* waiting<T>(reason: string, start: () => Promise<T>): Op<T> {
  return (yield { reason, start }) as T;
}
