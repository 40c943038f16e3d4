/** Who holds the lock that a command waits for, in words. */
export { holderText } from '../store/sqlite/lock-holders.js';
