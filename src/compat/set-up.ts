/** Setting a made host up: where that fails it is stopped, so that neither its database stays open nor its folder behind. */
export async function setUp<T>(host: { stop(): Promise<void> }, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    await host.stop();
    throw error;
  }
}
