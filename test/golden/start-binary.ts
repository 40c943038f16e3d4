/** Starts the real command and watches what it prints. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunningCommand } from '../scenarios/support.js';

const binary = fileURLToPath(new URL('../../bin/moonlighter.js', import.meta.url));

export function startBinary(
  args: string[],
  env: Record<string, string>,
): { until(test: (text: string) => boolean): Promise<void>; stop(): Promise<number | null>; printed(): string } {
  const command = new RunningCommand(
    spawn(process.execPath, [binary, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  return { until: (test) => command.until(test), stop: () => command.stop(), printed: () => command.stdout + command.stderr };
}
