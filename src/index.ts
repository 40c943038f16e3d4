/** The public TypeScript API: a host to embed, and the errors that it throws. */
export {
  HostError,
  NotFoundError,
  type Problem,
  ProjectError,
  RefusedError,
  StoreUnavailableError,
  UsageError,
} from './domain/errors.js';
export { createHost, type Host, type HostOptions, type HostStats } from './host/host.js';
