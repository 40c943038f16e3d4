crap.collections.define("users", {
  labels = { singular = "User", plural = "Users" },
  fields = {
    crap.fields.text({ name = "name", required = true }),
    crap.fields.email({ name = "email", required = true, unique = true }),
    crap.fields.checkbox({ name = "welcomed" }),
  },
  hooks = {
    after_change = { "hooks.users.after_change" },
  },
})
