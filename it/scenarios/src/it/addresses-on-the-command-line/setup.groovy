// passed on as -Decho.addresses=...; invoker.goals would be split at the comma
context.userProperties.setProperty('echo.addresses', '127.0.0.1:0,127.0.0.1:0')
