---@meta
-- Log, configuration, environment, mail, HTTP, crypto.

---@class crap.Log
crap.log = {}

---@param message string
function crap.log.info(message) end

---@param message string
function crap.log.warn(message) end

---@param message string
function crap.log.error(message) end

---@class crap.Config
crap.config = {}

--- A setting of crap.toml with its default, nil where the path leads nowhere. Durations are seconds; secrets read `"[REDACTED]"`.
---@param path string `"pagination.default_limit"`
---@return any
function crap.config.get(path) end

---@class crap.Env
crap.env = {}

--- An environment variable whose name begins with `CRAP_` or `LUA_`; nil for any other.
---@param key string
---@return string|nil
function crap.env.get(key) end

---@class crap.Locale
crap.locale = {}

---@return string
function crap.locale.get_default() end

---@return string[] Empty when localisation is off
function crap.locale.get_all() end

---@return boolean
function crap.locale.is_enabled() end

---@class crap.EmailOptions
---@field to string
---@field subject string
---@field html string
---@field text? string

---@class crap.EmailQueueOptions: crap.EmailOptions
---@field retries? integer Default `[email] queue_retries` (3)

---@class crap.Email
crap.email = {}

--- Sends a mail now and waits for it; it stays sent whatever becomes of the transaction.
---@param options crap.EmailOptions
---@return true
function crap.email.send(options) end

--- Sends a mail in the background, once the transaction has committed.
---@param options crap.EmailQueueOptions
---@return string id Of the run that sends it
function crap.email.queue(options) end

---@class crap.HttpOptions
---@field url string
---@field method? "GET"|"POST"|"PUT"|"PATCH"|"DELETE"|"HEAD"|string Default `"GET"`
---@field headers? table<string, string>
---@field body? string
---@field timeout? number Seconds. Default 30

---@class crap.HttpResponse
---@field status integer
---@field headers table<string, string> Names in lower case
---@field body string

---@class crap.HttpResult
---@field status? integer
---@field headers? table<string, string>
---@field body? string
---@field error? string What `request` would have raised
---@field code? string

---@class crap.Http
crap.http = {}

--- One request to a public address, or to one that `[http] allow` names. A status of 400 and more is no error.
---@param options crap.HttpOptions
---@return crap.HttpResponse
function crap.http.request(options) end

--- Up to 1000 requests, 16 under way at a time; the results are in the same order, and one that failed does not end the others.
---@param list crap.HttpOptions[]
---@return crap.HttpResult[]
function crap.http.all(list) end

---@class crap.Crypto
crap.crypto = {}

---@param text string
---@return string hex
function crap.crypto.sha256(text) end

---@param data string
---@param key string
---@return string hex
function crap.crypto.hmac_sha256(data, key) end

--- Compares without telling by its time where two texts differ.
---@param a string
---@param b string
---@return boolean
function crap.crypto.constant_time_eq(a, b) end

---@param text string
---@return string
function crap.crypto.base64_encode(text) end

---@param text string Padded, of the standard alphabet
---@return string
function crap.crypto.base64_decode(text) end

---@param n integer Bytes, at most 1048576
---@return string hex
function crap.crypto.random_bytes(n) end

--- AES-256-GCM under the project's secret.
---@param text string
---@return string base64
function crap.crypto.encrypt(text) end

---@param text string As encrypt gave it
---@return string
function crap.crypto.decrypt(text) end
